// The kernels for any 64-bit processor; the flags stand in CMakeLists.txt.
#define LLAMAHOME_CPU_LEVEL portable
#define LLAMAHOME_LANES 4
#include "llama/kernels/attention_kernels_body.h"
#include "llama/kernels/product_kernels_body.h"
#include "llama/kernels/quant_kernels_body.h"
#include "llama/kernels/row_kernels_body.h"
#include "llama/kernels/vector_kernels_body.h"
