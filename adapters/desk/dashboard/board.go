package dashboard

var boardRoutes []route
