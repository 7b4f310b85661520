"""Travel times of units: streets from a map, generated streets, and routing servers, all as geo.TravelTime."""
