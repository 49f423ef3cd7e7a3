package webhook

// Sign makes the header of signatures.
var Sign = sign
