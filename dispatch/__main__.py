import gc

# Imported modules stay in memory. Scanning them for garbage while they load would cost a fifth of a second.
gc.disable()

from dispatch.cli import main  # noqa: E402

gc.freeze()
gc.enable()
main()
