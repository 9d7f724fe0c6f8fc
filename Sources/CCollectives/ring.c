#include "CCollectives.h"
