resource "cloudflare_load_balancer_monitor" "https" {
  type           = "https"
  path           = "/health"
  expected_codes = "200"
}

resource "cloudflare_load_balancer_pool" "frankfurt" {
  name    = "frankfurt"
  monitor = cloudflare_load_balancer_monitor.https.id
  origins = [{ name = "relay", address = "192.0.2.10" }]
}

resource "cloudflare_load_balancer_pool" "toronto" {
  name    = "toronto"
  monitor = cloudflare_load_balancer_monitor.https.id
  origins = [{ name = "relay", address = "198.51.100.10" }]
}

resource "cloudflare_load_balancer_pool" "beijing" {
  name    = "beijing"
  monitor = cloudflare_load_balancer_monitor.https.id
  origins = [{ name = "relay", address = "203.0.113.10" }]
}

resource "cloudflare_load_balancer" "meet" {
  name            = "meet.example.com"
  zone_id         = var.zone
  proxied         = true
  steering_policy = "dynamic_latency"
  fallback_pool   = cloudflare_load_balancer_pool.toronto.id
  default_pools = [
    cloudflare_load_balancer_pool.toronto.id,
    cloudflare_load_balancer_pool.beijing.id,
  ]
  country_pools = {
    CA = [cloudflare_load_balancer_pool.toronto.id]
    DE = [cloudflare_load_balancer_pool.frankfurt.id]
  }
}

variable "zone" {
  default = "0123456789abcdef0123456789abcdef"
}
