package restapi

// Routes is the table that everything is made from.
var Routes = routes

// MaxBody bounds a JSON body.
const MaxBody = maxBody
