"""How long units take: streets read from a map, streets made up, and routing servers, all as geo.TravelTime."""
