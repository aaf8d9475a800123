/*
 * Stands in for valgrind's header where the server is built with -DUSE_VALGRIND (script/setup-chroot): what the server
 * tells valgrind about the memory of its contexts and about buffers without a pin, AddressSanitizer is told. So a
 * pointer into a context that was reset is reported, and not only one into a block that went back to malloc.
 */
#ifndef DJ_DEPLOY_MEMCHECK_H
#define DJ_DEPLOY_MEMCHECK_H

#include <stddef.h>

void __asan_poison_memory_region(const volatile void *start, size_t size);
void __asan_unpoison_memory_region(const volatile void *start, size_t size);

#define VALGRIND_MAKE_MEM_NOACCESS(start, size) __asan_poison_memory_region((start), (size))
#define VALGRIND_MAKE_MEM_UNDEFINED(start, size) __asan_unpoison_memory_region((start), (size))
#define VALGRIND_MAKE_MEM_DEFINED(start, size) __asan_unpoison_memory_region((start), (size))
#define VALGRIND_MEMPOOL_ALLOC(pool, start, size) __asan_unpoison_memory_region((start), (size))

/* A freed chunk is marked besides; what has no value yet is valgrind's own subject. */
#define VALGRIND_MEMPOOL_FREE(pool, start) ((void) 0)
#define VALGRIND_MEMPOOL_CHANGE(pool, from, to, size) ((void) 0)
#define VALGRIND_CREATE_MEMPOOL(pool, redzone, is_zeroed) ((void) 0)
#define VALGRIND_DESTROY_MEMPOOL(pool) ((void) 0)
#define VALGRIND_CHECK_MEM_IS_DEFINED(start, size) ((void) 0)

#endif
