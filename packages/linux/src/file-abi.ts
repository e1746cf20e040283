// include/uapi/asm-generic/fcntl.h, equal on x86-64 and arm64
export const O_RDONLY_CLOEXEC = 0x8_0000;
