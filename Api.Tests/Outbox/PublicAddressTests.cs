using System.Net;
using Api.Outbox;

namespace Api.Tests.Outbox;

public sealed class PublicAddressTests
{
    [Theory]
    [
        InlineData("8.8.8.8"),
        InlineData("9.255.255.255"),
        InlineData("11.0.0.0"),
        InlineData("100.63.255.255"),
        InlineData("100.128.0.0"),
        InlineData("172.15.255.255")
    ]
    [
        InlineData("172.32.0.0"),
        InlineData("192.167.255.255"),
        InlineData("198.17.255.255"),
        InlineData("223.255.255.255")
    ]
    [
        InlineData("2606:4700:4700::1111"),
        InlineData("2a00:1450::1"),
        InlineData("::ffff:8.8.8.8"),
        InlineData("64:ff9b::8.8.8.8")
    ]
    public void An_address_on_the_internet_is_public(string address) =>
        Assert.True(PublicAddress.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [
        InlineData("0.0.0.0"),
        InlineData("0.1.2.3"),
        InlineData("10.0.0.1"),
        InlineData("100.64.0.1"),
        InlineData("127.0.0.1"),
        InlineData("127.255.255.254")
    ]
    [
        InlineData("169.254.169.254"),
        InlineData("172.16.0.1"),
        InlineData("172.31.255.255"),
        InlineData("192.0.0.8"),
        InlineData("192.0.2.1"),
        InlineData("192.88.99.1")
    ]
    [
        InlineData("192.168.1.1"),
        InlineData("198.18.0.1"),
        InlineData("198.19.255.255"),
        InlineData("198.51.100.1"),
        InlineData("203.0.113.1"),
        InlineData("224.0.0.1")
    ]
    [InlineData("240.0.0.1"), InlineData("255.255.255.255")]
    [
        InlineData("::"),
        InlineData("::1"),
        InlineData("::7f00:1"),
        InlineData("::ffff:127.0.0.1"),
        InlineData("::ffff:10.0.0.1"),
        InlineData("::ffff:169.254.169.254")
    ]
    [
        InlineData("::ffff:0:10.0.0.1"),
        InlineData("64:ff9b::10.0.0.1"),
        InlineData("64:ff9b::7f00:1"),
        InlineData("64:ff9b:1::8.8.8.8"),
        InlineData("100::1"),
        InlineData("2001::1")
    ]
    [
        InlineData("2001:2::1"),
        InlineData("2001:db8::1"),
        InlineData("2002:7f00:1::"),
        InlineData("2002:808:808::1"),
        InlineData("3fff::1"),
        InlineData("5f00::1")
    ]
    [
        InlineData("fc00::1"),
        InlineData("fd12:3456::1"),
        InlineData("fe80::1"),
        InlineData("fe80::1%1"),
        InlineData("fec0::1"),
        InlineData("ff02::1")
    ]
    public void A_special_purpose_address_is_not_public(string address) =>
        Assert.False(PublicAddress.IsPublic(IPAddress.Parse(address)));
}
