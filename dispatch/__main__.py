import gc

# What is imported stays: to look through it for garbage as it grows would cost a fifth of a second.
gc.disable()

from dispatch.cli import main  # noqa: E402

gc.freeze()
gc.enable()
main()
