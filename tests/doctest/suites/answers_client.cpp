// A program with a client library in it, as a test may start one; and, linked statically, as one that no preloaded
// library could look into. With words it is a mere caller: it executes them.
#include "rampart/guard/guard.hpp"

#include <unistd.h>

int main(int argc, char** argv) {
    if (argc > 1) {
        ::execvp(argv[1], argv + 1);
        return 127;
    }
    return rampart::touch("client") ? 0 : 1;
}
