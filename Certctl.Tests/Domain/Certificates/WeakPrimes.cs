using System.Numerics;
using System.Security.Cryptography;

namespace Certctl.Tests.Domain.Certificates;

/// <summary>Primes of 1024 bits for RSA keys that are weak on purpose.</summary>
internal static class WeakPrimes
{
    private static readonly int[] Small =
        [.. Enumerable.Range(2, 2000).Where(n => Enumerable.Range(2, n - 2).TakeWhile(d => d * d <= n).All(d => n % d != 0))];

    private static readonly Lazy<(BigInteger, BigInteger)> RocaPair = new(() => (RocaPrime(), RocaPrime()));

    /// <summary>Two primes as Nemec and others (2017) describe them: k·M + (65537^a mod M). Made once a run.</summary>
    public static (BigInteger P, BigInteger Q) Roca() => RocaPair.Value;

    /// <summary>A prime as the platform chooses it.</summary>
    public static BigInteger Random()
    {
        using var key = RSA.Create(2048);
        return new BigInteger(key.ExportParameters(includePrivateParameters: true).P!, isUnsigned: true, isBigEndian: true);
    }

    /// <summary>The first prime from an odd <paramref name="start"/> on.</summary>
    public static BigInteger After(BigInteger start)
    {
        while (!IsPrime(start))
            start += 2;
        return start;
    }

    /// <summary>The private key of two primes, for signing with it.</summary>
    public static RSA Key(BigInteger p, BigInteger q)
    {
        var (modulus, exponent) = (p * q, new BigInteger(65537));
        var d = Inverse(exponent, (p - 1) * (q - 1));
        return RSA.Create(new RSAParameters
        {
            Modulus = Octets(modulus, 256),
            Exponent = [1, 0, 1],
            D = Octets(d, 256),
            P = Octets(p, 128),
            Q = Octets(q, 128),
            DP = Octets(d % (p - 1), 128),
            DQ = Octets(d % (q - 1), 128),
            InverseQ = Octets(Inverse(q, p), 128),
        });
    }

    private static BigInteger RocaPrime()
    {
        // For keys of 2048 bits M has the first 126 primes.
        var m = Small.Take(126).Aggregate(BigInteger.One, (product, prime) => product * prime);
        var least = (new BigInteger(3) << 1022) / m;
        while (true)
        {
            var a = new BigInteger(RandomNumberGenerator.GetBytes(16), isUnsigned: true);
            var k = least + new BigInteger(RandomNumberGenerator.GetBytes(4), isUnsigned: true);
            var candidate = (k * m) + BigInteger.ModPow(65537, a, m);
            if (IsPrime(candidate))
                return candidate;
        }
    }

    // Fermat's test to the base 2 errs for no number that chance brings.
    private static bool IsPrime(BigInteger number) =>
        Small.All(prime => number % prime != 0) && BigInteger.ModPow(2, number - 1, number).IsOne;

    private static BigInteger Inverse(BigInteger number, BigInteger modulus)
    {
        var (r0, r1, t0, t1) = (modulus, number % modulus, BigInteger.Zero, BigInteger.One);
        while (!r1.IsZero)
        {
            var quotient = r0 / r1;
            (r0, r1, t0, t1) = (r1, r0 - (quotient * r1), t1, t0 - (quotient * t1));
        }

        return t0.Sign < 0 ? t0 + modulus : t0;
    }

    private static byte[] Octets(BigInteger number, int length)
    {
        var octets = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[length - octets.Length], .. octets];
    }
}
