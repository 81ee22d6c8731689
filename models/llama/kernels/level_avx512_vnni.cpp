// The kernels for x86-64-v4 with AVX512_VNNI; the flags stand in CMakeLists.txt.
#define LLAMAHOME_CPU_LEVEL avx512Vnni
#define LLAMAHOME_LANES 16
#include "llama/kernels/attention_kernels_body.h"
#include "llama/kernels/product_kernels_body.h"
#include "llama/kernels/quant_kernels_body.h"
#include "llama/kernels/row_kernels_body.h"
#include "llama/kernels/vector_kernels_body.h"
