"""Line items: the rows under a header of columns, over all the pages that they go on for."""
