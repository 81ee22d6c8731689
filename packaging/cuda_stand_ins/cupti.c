/* Stand-in for libcupti.so.13 (the CUDA profiler, which LlamaHome never starts): the twenty functions that
   libtorch_cpu.so names, answering "no device". Written from the documented C interface; holds no NVIDIA
   code. Any thread. */
#include <stddef.h>
#include <stdint.h>

enum { kInvalidParameter = 1, kInvalidDevice = 2 };

int cuptiGetVersion(uint32_t* version);
int cuptiGetResultString(int result, const char** text);
int cuptiFinalize(void);
int cuptiSubscribe(void** subscriber, void (*callback)(void), void* user_data);
int cuptiUnsubscribe(void* subscriber);
int cuptiEnableCallback(uint32_t enable, void* subscriber, int domain, uint32_t callback);
int cuptiEnableDomain(uint32_t enable, void* subscriber, int domain);
int cuptiActivityEnable(int kind);
int cuptiActivityDisable(int kind);
int cuptiActivityEnableRuntimeApi(uint32_t callback, uint8_t enable);
int cuptiActivityEnableDriverApi(uint32_t callback, uint8_t enable);
int cuptiActivityEnableCudaEventDeviceTimestamps(uint8_t enable);
int cuptiActivityRegisterCallbacks(void (*requested)(void), void (*completed)(void));
int cuptiActivityRegisterTimestampCallback(uint64_t (*timestamp)(void));
int cuptiActivitySetAttribute(int attribute, size_t* size, void* value);
int cuptiActivityFlushAll(uint32_t flag);
int cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid_bytes, void** record);
int cuptiActivityGetNumDroppedRecords(void* context, uint32_t stream, size_t* dropped);
int cuptiActivityPushExternalCorrelationId(int kind, uint64_t id);
int cuptiActivityPopExternalCorrelationId(int kind, uint64_t* id);

int cuptiGetVersion(uint32_t* version) {
    if (!version) return kInvalidParameter;
    *version = 0;
    return kInvalidDevice;
}

int cuptiGetResultString(int result, const char** text) {
    if (!text) return kInvalidParameter;
    *text = result == 0 ? "CUPTI_SUCCESS" : "CUPTI_ERROR_INVALID_DEVICE: no CUDA device (stand-in library)";
    return 0;
}

int cuptiFinalize(void) {
    return kInvalidDevice;
}

int cuptiSubscribe(void** subscriber, void (*callback)(void), void* user_data) {
    (void)callback;
    (void)user_data;
    if (subscriber) *subscriber = NULL;
    return kInvalidDevice;
}

int cuptiUnsubscribe(void* subscriber) {
    (void)subscriber;
    return kInvalidDevice;
}

int cuptiEnableCallback(uint32_t enable, void* subscriber, int domain, uint32_t callback) {
    (void)enable;
    (void)subscriber;
    (void)domain;
    (void)callback;
    return kInvalidDevice;
}

int cuptiEnableDomain(uint32_t enable, void* subscriber, int domain) {
    (void)enable;
    (void)subscriber;
    (void)domain;
    return kInvalidDevice;
}

int cuptiActivityEnable(int kind) {
    (void)kind;
    return kInvalidDevice;
}

int cuptiActivityDisable(int kind) {
    (void)kind;
    return kInvalidDevice;
}

int cuptiActivityEnableRuntimeApi(uint32_t callback, uint8_t enable) {
    (void)callback;
    (void)enable;
    return kInvalidDevice;
}

int cuptiActivityEnableDriverApi(uint32_t callback, uint8_t enable) {
    (void)callback;
    (void)enable;
    return kInvalidDevice;
}

int cuptiActivityEnableCudaEventDeviceTimestamps(uint8_t enable) {
    (void)enable;
    return kInvalidDevice;
}

int cuptiActivityRegisterCallbacks(void (*requested)(void), void (*completed)(void)) {
    (void)requested;
    (void)completed;
    return kInvalidDevice;
}

int cuptiActivityRegisterTimestampCallback(uint64_t (*timestamp)(void)) {
    (void)timestamp;
    return kInvalidDevice;
}

int cuptiActivitySetAttribute(int attribute, size_t* size, void* value) {
    (void)attribute;
    (void)size;
    (void)value;
    return kInvalidDevice;
}

int cuptiActivityFlushAll(uint32_t flag) {
    (void)flag;
    return kInvalidDevice;
}

int cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid_bytes, void** record) {
    (void)buffer;
    (void)valid_bytes;
    if (record) *record = NULL;
    return kInvalidDevice;
}

int cuptiActivityGetNumDroppedRecords(void* context, uint32_t stream, size_t* dropped) {
    (void)context;
    (void)stream;
    if (dropped) *dropped = 0;
    return kInvalidDevice;
}

int cuptiActivityPushExternalCorrelationId(int kind, uint64_t id) {
    (void)kind;
    (void)id;
    return kInvalidDevice;
}

int cuptiActivityPopExternalCorrelationId(int kind, uint64_t* id) {
    (void)kind;
    if (id) *id = 0;
    return kInvalidDevice;
}
