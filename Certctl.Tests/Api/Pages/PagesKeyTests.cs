using System.Security.Cryptography;
using Certctl.Api.Pages.Hosting;
using Xunit;

namespace Certctl.Tests.Api.Pages;

/// <summary>What encrypts the keys of sessions in the database.</summary>
public sealed class PagesKeyTests
{
    [Fact]
    public void Each_process_of_one_CA_opens_what_another_sealed_and_no_other_CA_does()
    {
        byte[] clear = [1, 2, 3, 4, 5, 6, 7, 8];
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var replica = ECDsa.Create(ec.ExportParameters(includePrivateParameters: true));

        var sealedOctets = PagesKey.Of(ec).Seal(clear);
        Assert.Equal(clear, PagesKey.Of(replica).Open(sealedOctets));
        Assert.NotEqual(sealedOctets, PagesKey.Of(ec).Seal(clear));
        Assert.ThrowsAny<CryptographicException>(() => PagesKey.Of(rsa).Open(sealedOctets));
        Assert.Equal(clear, PagesKey.Of(rsa).Open(PagesKey.Of(rsa).Seal(clear)));
        sealedOctets[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => PagesKey.Of(ec).Open(sealedOctets));
        Assert.ThrowsAny<CryptographicException>(() => PagesKey.Of(ec).Open([1, 2, 3]));
    }
}
