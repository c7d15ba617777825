/*
 * api.h - what makes a header public: its functions have C linkage where C++ includes them, and are
 * seen outside of libzogap, which is compiled with all else hidden.
 *
 *     #include "engines/api.h"
 *
 *     ZG_PUBLIC_BEGIN
 *     ... declarations ...
 *     ZG_PUBLIC_END
 *
 * scripts/cmake/Library.cmake lists the public headers and installs them as <zogap/NAME.h>.
 */
#ifndef ZG_ENGINES_API_H
#define ZG_ENGINES_API_H

/* clang-format off */
#ifdef __cplusplus
#define ZG_PUBLIC_BEGIN extern "C" { _Pragma("GCC visibility push(default)")
#define ZG_PUBLIC_END   _Pragma("GCC visibility pop") }
#else
#define ZG_PUBLIC_BEGIN _Pragma("GCC visibility push(default)")
#define ZG_PUBLIC_END   _Pragma("GCC visibility pop")
#endif
/* clang-format on */

#endif
