# A private zone: machines ask for the signalling service nearest to them.  There is no geofence.
resource "google_dns_managed_zone" "inside" {
  name       = "inside"
  dns_name   = "meetings.example.com."
  visibility = "private"

  private_visibility_config {
    networks {
      network_url = "projects/meetings/global/networks/inside"
    }
  }
}

locals {
  balancers = {
    "northamerica-northeast1" = "10.10.0.2"
    "europe-west3"            = "10.20.0.2"
  }
}

resource "google_dns_record_set" "signalling" {
  name         = "signalling.${google_dns_managed_zone.inside.dns_name}"
  managed_zone = google_dns_managed_zone.inside.name
  type         = "A"
  ttl          = 30

  routing_policy {
    enable_geo_fencing = false

    dynamic "geo" {
      for_each = local.balancers
      content {
        location = geo.key
        health_checked_targets {
          internal_load_balancers {
            load_balancer_type = "regionalL4ilb"
            ip_address         = geo.value
            port               = "443"
            ip_protocol        = "tcp"
            network_url        = "projects/meetings/global/networks/inside"
            project            = "meetings"
            region             = geo.key
          }
        }
      }
    }

    geo {
      location = "asia-east2"    # the office in Shenzhen, by interconnect
      rrdatas  = ["10.30.0.2"]
    }
  }
}
