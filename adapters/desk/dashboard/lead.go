package dashboard

var leadRoutes []route
