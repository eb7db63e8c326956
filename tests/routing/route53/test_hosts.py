"""Regions in the names that AWS gives to its resources."""

import pytest

from auditor.routing.route53 import hosts


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("dualstack.lb-1.us-west-2.elb.amazonaws.com", "aws/us-west-2"),
        ("internal-lb-1.cn-north-1.elb.amazonaws.com.cn", "aws/cn-north-1"),
        ("nlb-74f87b114e21682a.elb.us-east-1.amazonaws.com", "aws/us-east-1"),
        ("d-abcdef.execute-api.eu-central-1.amazonaws.com", "aws/eu-central-1"),
        ("s3-website-us-east-1.amazonaws.com", "aws/us-east-1"),
        ("www.example.com.s3-website.eu-central-1.amazonaws.com", "aws/eu-central-1"),
        ("env-1.eba-ns4qrife.us-east-1.elasticbeanstalk.com", "aws/us-east-1"),
        ("vpce-1-a.vpce-svc-1.eu-west-1.vpce.amazonaws.com", "aws/eu-west-1"),
        ("eu-west-1.lb.us-east-1.elb.amazonaws.com", "aws/us-east-1"),
        ("d111111abcdef8.cloudfront.net", ""),
        ("a1234567890abcdef.awsglobalaccelerator.com", ""),
        ("eu-west-1.s3.amazonaws.com", ""),
        ("x.eu-west-1.s3.amazonaws.com", ""),
        ("lb.eu-west-1.elb.amazonaws.com.example.net", ""),
        ("eu-west-1.amazonaws.com", ""),
        ("amazonaws.com", ""),
        ("", ""),
    ],
)
def test_a_name_tells_its_region_where_aws_wrote_it(host: str, region: str) -> None:
    assert hosts.region(host) == region


def test_what_is_of_aws_is_known_by_the_end_of_its_name() -> None:
    assert hosts.ours("lb.eu-west-1.elb.amazonaws.com")
    assert hosts.ours("d111111abcdef8.cloudfront.net")
    assert not hosts.ours("notamazonaws.com")
    assert not hosts.ours("www.example.com")
