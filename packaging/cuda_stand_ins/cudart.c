/* Stand-in for libcudart.so.13 on machines without the CUDA component: the six functions that libtorch_cpu.so
   names, answering "no device". Written from the documented C interface; holds no NVIDIA code. Any thread. */

enum { kSuccess = 0, kInvalidValue = 1, kNoDevice = 100, kRuntimeVersion = 13000 };

struct cudaDeviceProp;

int cudaGetDeviceCount(int* count);
int cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device);
int cudaDeviceSynchronize(void);
int cudaDriverGetVersion(int* version);
int cudaRuntimeGetVersion(int* version);
const char* cudaGetErrorString(int error);

int cudaGetDeviceCount(int* count) {
    if (!count) return kInvalidValue;
    *count = 0;
    return kNoDevice;
}

int cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device) {
    (void)properties;
    (void)device;
    return kNoDevice;
}

int cudaDeviceSynchronize(void) {
    return kNoDevice;
}

/* 0 is the documented answer where no driver is installed. */
int cudaDriverGetVersion(int* version) {
    if (!version) return kInvalidValue;
    *version = 0;
    return kSuccess;
}

int cudaRuntimeGetVersion(int* version) {
    if (!version) return kInvalidValue;
    *version = kRuntimeVersion;
    return kSuccess;
}

const char* cudaGetErrorString(int error) {
    switch (error) {
    case kSuccess:
        return "no error";
    case kInvalidValue:
        return "invalid argument";
    case kNoDevice:
        return "no CUDA-capable device is detected (the CUDA component of LlamaHome is not installed)";
    default:
        return "unrecognized error code";
    }
}
