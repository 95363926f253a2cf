"""One room a lesson: what belongs to it and is no library.

    settings.py                what it runs with at each scale (lessons that train)
    exercises.py               its exercises: where to try them, and the slips that people make
    variants.py                exercises under another convention, for assignments
    recorded.json, .npz        what the references answer, which a learner's check compares with
    reference/offline-cpu.json its part of the ledger: the reference run at a scale, on a device

The lesson itself, text and cells, is solutions/NN_slug.py.
"""
