using Certctl.Application.Est.Access;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Certctl.Tests.Application.Est;

/// <summary>Wrong passwords by address.</summary>
public sealed class WrongPasswordsTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void So_many_wrong_ones_block_the_address_for_the_rest_of_the_hour_and_no_other()
    {
        var wrong = new WrongPasswords(_clock);
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(wrong.BlockedUntil("a", "192.0.2.1", 3));
            wrong.Count("a", "192.0.2.1");
        }

        Assert.Equal(_clock.GetUtcNow() + WrongPasswords.Window, wrong.BlockedUntil("a", "::ffff:192.0.2.1", 3));
        Assert.Null(wrong.BlockedUntil("a", "192.0.2.2", 3));
        Assert.Null(wrong.BlockedUntil("b", "192.0.2.1", 3));
        Assert.Null(wrong.BlockedUntil("a", "192.0.2.1", 0));
        _clock.Advance(WrongPasswords.Window);
        Assert.Null(wrong.BlockedUntil("a", "192.0.2.1", 3));
    }

    [Fact]
    public void A_network_of_IPv6_is_one_address()
    {
        var wrong = new WrongPasswords(_clock);
        wrong.Count("", "2001:db8::1");
        Assert.NotNull(wrong.BlockedUntil("", "2001:db8::2", 1));
        Assert.Null(wrong.BlockedUntil("", "2001:db8:0:1::1", 1));
    }

    [Fact]
    public void Many_addresses_free_none_that_is_blocked_and_count_as_one_when_there_are_too_many()
    {
        var wrong = new WrongPasswords(_clock);
        wrong.Count("a", "192.0.2.1");
        _clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 1; i < WrongPasswords.MaxSources; i++)
            wrong.Count("a", $"10.{i >> 16}.{i >> 8 & 255}.{i & 255}");
        Assert.Null(wrong.BlockedUntil("a", "198.51.100.1", 1));
        for (var i = 0; i < 2; i++)
            wrong.Count("a", $"203.0.113.{i}");

        Assert.NotNull(wrong.BlockedUntil("a", "192.0.2.1", 1));
        Assert.NotNull(wrong.BlockedUntil("a", "10.0.0.1", 1));
        Assert.NotNull(wrong.BlockedUntil("a", "198.51.100.1", 2));
        Assert.Null(wrong.BlockedUntil("b", "198.51.100.1", 2));

        _clock.Advance(WrongPasswords.Window);
        Assert.Null(wrong.BlockedUntil("a", "192.0.2.1", 1));
        Assert.Null(wrong.BlockedUntil("a", "10.0.0.1", 1));
    }
}
