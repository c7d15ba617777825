/* info_text.h - the document of `zogap info` as people read it, in lines that fit the page. */
#ifndef ZG_HARNESS_INFO_TEXT_H
#define ZG_HARNESS_INFO_TEXT_H

#include <jansson.h>

/* On the standard output; what is empty is left out. */
void zg_info_print(const json_t *info);

#endif
