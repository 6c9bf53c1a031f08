// In place of cuRAND, which some toolkits leave out, for programs that draw no random numbers:
// Brian2CUDA makes a generator and gives it a seed in any case. One that is asked for a number says no.
#ifndef CURAND_H_
#define CURAND_H_
#include <cstddef>

enum curandStatus_t
{
    CURAND_STATUS_SUCCESS,
    CURAND_STATUS_VERSION_MISMATCH,
    CURAND_STATUS_NOT_INITIALIZED,
    CURAND_STATUS_ALLOCATION_FAILED,
    CURAND_STATUS_TYPE_ERROR,
    CURAND_STATUS_OUT_OF_RANGE,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED,
    CURAND_STATUS_LAUNCH_FAILURE,
    CURAND_STATUS_PREEXISTING_FAILURE,
    CURAND_STATUS_INITIALIZATION_FAILED,
    CURAND_STATUS_ARCH_MISMATCH,
    CURAND_STATUS_INTERNAL_ERROR
};
enum curandRngType_t
{
    CURAND_RNG_PSEUDO_DEFAULT
};
typedef void* curandGenerator_t;

inline curandStatus_t curandCreateGenerator(curandGenerator_t*, curandRngType_t) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandDestroyGenerator(curandGenerator_t) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }

#define NO_RANDOM_NUMBERS(draw) \
    template <class... Arguments> inline curandStatus_t draw(Arguments...) { return CURAND_STATUS_NOT_INITIALIZED; }
NO_RANDOM_NUMBERS(curandGenerateUniform)
NO_RANDOM_NUMBERS(curandGenerateUniformDouble)
NO_RANDOM_NUMBERS(curandGenerateNormal)
NO_RANDOM_NUMBERS(curandGenerateNormalDouble)
NO_RANDOM_NUMBERS(curandGeneratePoisson)
#undef NO_RANDOM_NUMBERS
#endif
