# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What PyTorch's errors of memory, graphics card and compiler are told as, without loading it.

They are of RuntimeError, as a fault of a program is; their classes' names and words tell them.
"""

MOST_TOLD = 200  # characters of PyTorch's own words
NO_MEMORY = 'OutOfMemoryError'  # of a graphics card
OF_A_CARD = ('CUDA error', 'cuDNN error', 'CUBLAS_STATUS', 'CUDNN_STATUS', 'NCCL error')
NO_KERNEL = 'no kernel image is available'
NO_ALLOCATION = "can't allocate memory"  # of the processor
COMPILERS = ('torch._inductor', 'torch._dynamo')
KEPT = 'what is finished is kept'


def told_of_pytorch(error: RuntimeError) -> str | None:
    """Return one sentence; None: it is no such error, and its traceback is wanted."""
    words = ' '.join(str(error).split())[:MOST_TOLD]
    kind = type(error)
    if kind.__name__ == NO_MEMORY:
        return (
            f"the graphics card has too little memory ({words}): lower the recipe's windows or "
            f'frames, end other programs on the card (nvidia-smi), or set device: cpu; {KEPT}'
        )
    if NO_ALLOCATION in words:
        return (
            "there is not enough memory: lower the recipe's windows or frames, take fewer "
            f'--processes, end other programs, or raise the limit (ulimit -v); {KEPT}'
        )
    if NO_KERNEL in words:
        return (
            f'this PyTorch has no code for the graphics card ({words}): install a build for it, '
            'or set device: cpu'
        )
    if kind.__name__ == 'AcceleratorError' or any(name in words for name in OF_A_CARD):
        return (
            f'the graphics card failed ({words}): start the command again, which takes a new '
            f'process, and look at nvidia-smi; {KEPT}'
        )
    if kind.__module__.startswith(COMPILERS):
        return (
            f'PyTorch cannot compile the encoder ({words}): install a C++ compiler (sudo apt-get '
            f'install g++) and Triton for a graphics card, or set compile: false; {KEPT}'
        )
    return None
