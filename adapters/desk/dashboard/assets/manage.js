// What the pages that look after things do in the browser. Everything works without it.
"use strict";
