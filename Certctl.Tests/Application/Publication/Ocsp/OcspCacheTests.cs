using Certctl.Application.Issuers;
using Certctl.Application.Publication.Ocsp;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Application.Publication.Ocsp;

public sealed class OcspCacheTests
{
    private static readonly IPublishesStatus One = TestCa.Issuer(TestCa.Root());
    private static readonly IPublishesStatus Other = TestCa.Issuer(TestCa.Root());

    [Fact]
    public void It_holds_so_many_octets_and_lets_go_of_what_was_asked_for_longest_ago()
    {
        var cache = new OcspCache(maxOctets: 10_000);
        for (byte n = 0; n < 4; n++)
            cache.Put(Key(n), Answer(2000));
        Assert.InRange(cache.Octets, 8000, 10_000);
        Assert.NotNull(cache.Find(Key(0)));
        cache.Put(Key(4), Answer(2000));
        Assert.Null(cache.Find(Key(1)));
        Assert.NotNull(cache.Find(Key(0)));
        Assert.NotNull(cache.Find(Key(4)));
        Assert.InRange(cache.Octets, 8000, 10_000);

        // What would push out everything is not kept.
        cache.Put(Key(5), Answer(10_000));
        Assert.Null(cache.Find(Key(5)));
        Assert.NotNull(cache.Find(Key(4)));
    }

    [Fact]
    public void A_newer_answer_takes_the_place_of_the_older_one()
    {
        var cache = new OcspCache(maxOctets: 10_000);
        for (var n = 0; n < 100; n++)
            cache.Put(Key(1), Answer(1000 + n, epoch: n));
        Assert.Equal(99, cache.Find(Key(1))!.Epoch);
        Assert.InRange(cache.Octets, 1000, 2000);
    }

    [Fact]
    public void An_answer_of_one_CA_is_none_of_another_and_the_request_may_change_afterwards()
    {
        var cache = new OcspCache();
        var asked = new byte[] { 1, 2, 3 };
        cache.Put(new OcspCacheKey(One, asked), Answer(100));
        asked[0] = 9;
        Assert.NotNull(cache.Find(new OcspCacheKey(One, new byte[] { 1, 2, 3 })));
        Assert.Null(cache.Find(new OcspCacheKey(Other, new byte[] { 1, 2, 3 })));
        Assert.Null(cache.Find(new OcspCacheKey(One, new byte[] { 9, 2, 3 })));
    }

    private static OcspCacheKey Key(byte n) => new(One, new[] { n });

    private static CachedAnswer Answer(int octets, long epoch = 0) =>
        new(new OcspReply(new byte[octets], null), new OcspValidity(TestCa.Now, TestCa.Now.AddHours(1)), epoch, []);
}
