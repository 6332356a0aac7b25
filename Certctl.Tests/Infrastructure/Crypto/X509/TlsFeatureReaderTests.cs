using Certctl.Infrastructure.Crypto;
using Certctl.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.X509.Der;

namespace Certctl.Tests.Infrastructure.Crypto.X509;

public sealed class TlsFeatureReaderTests
{
    // Each number is compared with all before it: 65,536 of them in one request would be two thousand million comparisons.
    [Fact]
    [Trait("Conformance", "Z-1")]
    public void More_features_than_the_limit_are_refused()
    {
        Assert.True(TlsFeatureReader.TryRead(Features(DecodingLimits.TlsFeatures), out var features, out _));
        Assert.Equal(DecodingLimits.TlsFeatures, features.Count);

        Assert.False(TlsFeatureReader.TryRead(Features(DecodingLimits.TlsFeatures + 1), out features, out var defect));
        Assert.Empty(features);
        Assert.NotNull(defect);
    }

    private static byte[] Features(int count) => Sequence([.. Enumerable.Range(0, count).Select(number => Tlv(0x02, [(byte)number]))]);
}
