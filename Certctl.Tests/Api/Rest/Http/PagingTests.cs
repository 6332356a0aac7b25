using Certctl.Api.Rest.Http;
using Xunit;

namespace Certctl.Tests.Api.Rest.Http;

public sealed class PagingTests
{
    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(2001, 0, true)]
    [InlineData(2002, 0, false)]
    [InlineData(2002, 200_000, true)]
    [InlineData(2002, 200_050, true)]
    [InlineData(2002, 200_051, false)]
    [InlineData(100_000, 5_000_000, true)]
    [InlineData(97_999, 5_000_000, false)]
    [InlineData(98_001, 5_000_000, true)]
    [InlineData(int.MaxValue, 5_000_000, false)]
    public async Task Only_what_lies_far_from_both_ends_is_refused_and_the_total_asked_only_where_it_matters(
        int page, long total, bool within)
    {
        var errors = new Dictionary<string, string[]>();
        var asked = 0;
        Assert.Equal(within, await new Paging(page, 50, null).IsWithinReachAsync(() => Task.FromResult(total + (asked++ * 0)), errors));
        Assert.Equal(within ? [] : ["page"], errors.Keys);
        Assert.Equal(page > 2001 ? 1 : 0, asked);
    }
}
