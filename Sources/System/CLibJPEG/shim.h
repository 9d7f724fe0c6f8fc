#include <stdio.h>  // which jpeglib.h needs and does not include
#include <jpeglib.h>
