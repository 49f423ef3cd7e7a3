package dashboard

var importRoutes []route
