/* Functions made only to test the FFI boundary: one without a parameter, one
 * with, and one that allocates on purpose. */
#include <stdint.h>
#include <stdlib.h>

int32_t boundary_nothing(void) { return 7; }

int32_t boundary_parameter(int32_t value) { return value; }

int32_t boundary_allocate(void) {
  void *volatile memory = malloc(16);
  free(memory);
  return 0;
}
