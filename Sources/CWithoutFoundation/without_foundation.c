// Keeps FoundationEssentials out of the program: 5 MB of 20, and a fifth of what a start costs.
//
// argument-parser needs it for one thing, `--experimental-dump-help`, which describes a program's options as JSON.
// That is not offered here. An archive's members are linked for names that nothing else defines, so these seven
// names, which are all that argument-parser asks for, leave it out. They are hidden: where Foundation is loaded, as
// in a debug build, its own stay its own. Should argument-parser ask for more one day, then the archive is back,
// and the names are twice: an error of the linker's.

#if defined(__ELF__)

#include <unistd.h>

#define HIDDEN(name) __asm__(name) __attribute__((visibility("hidden"), noreturn, used))
#define FOUNDATION "$s20FoundationEssentials"

void tidings_encoder_type(void) HIDDEN(FOUNDATION "11JSONEncoderCMa");
void tidings_encoder_init(void) HIDDEN(FOUNDATION "11JSONEncoderCACycfc");
void tidings_encoder_sorted(void) HIDDEN(FOUNDATION "11JSONEncoderC16OutputFormattingV10sortedKeysAEvau");
void tidings_encoder_pretty(void) HIDDEN(FOUNDATION "11JSONEncoderC16OutputFormattingV13prettyPrintedAEvau");
void tidings_text_of_data(void) HIDDEN("$sSS20FoundationEssentialsE4data8encodingSSSgAA4DataVh_SSAAE8EncodingVtcfC");
void tidings_utf8(void) HIDDEN("$sSS20FoundationEssentialsE8EncodingV4utf8ACvau");

// What is asked for first.
void tidings_encoder_type(void) {
  static const char text[] = "tidings: --experimental-dump-help is not in this program: see tidings --help\n";
  // Nobody may listen any more, and the status says the same.
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(64);
  _exit(64);
}

void tidings_encoder_init(void) { __builtin_trap(); }
void tidings_encoder_sorted(void) { __builtin_trap(); }
void tidings_encoder_pretty(void) { __builtin_trap(); }
void tidings_text_of_data(void) { __builtin_trap(); }
void tidings_utf8(void) { __builtin_trap(); }

// The protocol LocalizedError, to which nothing conforms, since nothing of Foundation is here: a description as the
// compiler writes them, of a protocol (3) that isn't for classes alone (0x10000), in a module (0), each of them the
// only one (0x40).
__asm__(".pushsection .rodata\n"
        ".balign 4\n"
        ".globl \"$s20FoundationEssentials14LocalizedErrorMp\"\n"
        ".hidden \"$s20FoundationEssentials14LocalizedErrorMp\"\n"
        "\"$s20FoundationEssentials14LocalizedErrorMp\":\n"
        ".long 0x10043\n"
        ".long 1f - .\n"
        ".long 2f - .\n"
        ".long 0, 0, 0\n"
        "1: .long 0x40, 0\n"
        ".long 3f - .\n"
        "2: .asciz \"LocalizedError\"\n"
        "3: .asciz \"FoundationEssentials\"\n"
        ".popsection\n");

#endif
