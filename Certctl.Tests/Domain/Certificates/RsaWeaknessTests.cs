using System.Numerics;
using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Tests.Domain.Profiles;
using Xunit;

namespace Certctl.Tests.Domain.Certificates;

/// <summary>Keys that are broken by construction, each in its own way, and keys that are not.</summary>
public sealed class RsaWeaknessTests
{
    [Fact]
    [Trait("Conformance", "S-M26")]
    public void Fresh_keys_are_not_weak()
    {
        foreach (var bits in new[] { 2048, 2048, 3072 })
        {
            using var key = RSA.Create(bits);
            var parameters = key.ExportParameters(includePrivateParameters: false);
            Assert.Null(Find(new BigInteger(parameters.Modulus!, isUnsigned: true, isBigEndian: true)));
        }
    }

    [Fact]
    [Trait("Conformance", "S-M26")]
    public void A_modulus_of_the_form_that_Infineon_s_library_made_has_the_fingerprint_of_ROCA()
    {
        var (p, q) = WeakPrimes.Roca();

        Assert.Contains("ROCA", Find(p * q), StringComparison.Ordinal);

        // One such prime alone leaves no fingerprint: it takes the product.
        Assert.Null(Find(p * WeakPrimes.Random()));
    }

    [Fact]
    [Trait("Conformance", "S-M26")]
    public void Primes_that_follow_each_other_are_found_by_Fermat_and_primes_far_apart_are_not()
    {
        var p = WeakPrimes.Random();

        Assert.Contains("too close", Find(p * WeakPrimes.After(p + 2)), StringComparison.Ordinal);
        Assert.Contains("too close", Find(p * p), StringComparison.Ordinal);
        Assert.Null(Find(p * WeakPrimes.After(p + (BigInteger.One << 600))));
    }

    [Fact]
    public void Fermat_is_tried_for_a_hundred_rounds()
    {
        var a = WeakPrimes.Random();
        Assert.Contains("too close", Find(OfRound(99)), StringComparison.Ordinal);
        Assert.Null(Find(OfRound(100)));

        // n = (a − b)(a + b), with b so large that a is so far above √n, and even, so that n is odd.
        BigInteger OfRound(int round)
        {
            for (var b = Root(2 * a * round) & ~BigInteger.One; ; b += 2)
            {
                var n = (a * a) - (b * b);
                if (Rounds(a, n) == round && HasNoSmallFactor(n))
                    return n;
            }
        }
    }

    private static BigInteger Rounds(BigInteger a, BigInteger n)
    {
        var root = Root(n);
        return a - (root * root < n ? root + 1 : root);
    }

    private static BigInteger Root(BigInteger number)
    {
        // By bisection: another way than the product's.
        var (low, high) = (BigInteger.Zero, BigInteger.One << (int)((number.GetBitLength() / 2) + 1));
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = middle * middle <= number ? (middle, high) : (low, middle);
        }

        return low;
    }

    private static bool HasNoSmallFactor(BigInteger number) => Enumerable.Range(2, 750).All(n => number % n != 0);

    private static string? Find(BigInteger modulus) =>
        RsaWeakness.Find(Requests.Rsa(modulus.ToByteArray(isUnsigned: true, isBigEndian: true), [1, 0, 1], (int)modulus.GetBitLength()));
}
