using System.Numerics;

namespace Certctl.Domain.Certificates;

/// <summary>
/// Detects RSA public keys whose private key can be computed. Works on public numbers only and takes some microseconds.
/// What it cannot see is in docs/divergences.md.
/// </summary>
public static class RsaWeakness
{
    private const int MostExponentBits = 33;

    // As many as the CA/Browser Forum asks for (Baseline Requirements §6.1.1.3).
    private const int FermatRounds = 100;

    // NIST SP 800-89 §5.3.3: a modulus that a prime below 752 divides was never two large primes.
    private static readonly int[] SmallPrimes =
        [.. Enumerable.Range(3, 749).Where(n => Enumerable.Range(2, n - 2).TakeWhile(d => d * d <= n).All(d => n % d != 0))];

    // By the product of many, then of as many as a machine word holds: large numbers are divided seldom.
    private static readonly (BigInteger Product, (uint Product, int[] Primes)[] Words)[] SmallPrimeGroups =
    [
        .. SmallPrimes.Chunk(33).Select(group => (
            group.Aggregate(BigInteger.One, (product, prime) => product * prime),
            group.Chunk(3).Select(word => (word.Aggregate(1u, (product, prime) => product * (uint)prime), word)).ToArray())),
    ];

    private static readonly (int Prime, bool[] Powers)[] RocaPrimes =
        [.. SmallPrimes.Where(prime => prime <= 167).Select(prime => (prime, PowersOf65537(prime)))];

    // A device's first message has its key twice, in the signer's certificate and in the request, and polls and retries bring it again.
    private static readonly Verdict?[] Recent = new Verdict[256];

    private static readonly bool[] SquaresModulo256 = SquaresModulo(256);
    private static readonly bool[] SquaresModulo45045 = SquaresModulo(9 * 5 * 7 * 11 * 13);
    private static readonly bool[] SquaresModulo215441 = SquaresModulo(17 * 19 * 23 * 29);

    /// <summary>The weakness in words, or null. The caller has looked at the size before: time grows with it.</summary>
    /// <param name="key">Of kind RSA.</param>
    public static string? Find(PublicKeyInfo key)
    {
        ref var slot = ref Recent[key.Modulus.IsEmpty ? 0 : key.Modulus.Span[key.Modulus.Length / 2]];
        if (Volatile.Read(ref slot) is { } recent && recent.IsOf(key))
            return recent.Weakness;

        // Copies: the key is a slice of a whole message, which must not be kept for it.
        var verdict = new Verdict(key.Modulus.ToArray(), key.Exponent.ToArray(), Judge(key));
        Volatile.Write(ref slot, verdict);
        return verdict.Weakness;
    }

    private static string? Judge(PublicKeyInfo key)
    {
        var exponent = new BigInteger(key.Exponent.Span, isUnsigned: true, isBigEndian: true);
        if (exponent.IsEven || exponent < 3 || exponent.GetBitLength() > MostExponentBits)
            return "an RSA public exponent that is even, below 3 or above 33 bits";
        var modulus = new BigInteger(key.Modulus.Span, isUnsigned: true, isBigEndian: true);
        if (modulus.IsEven || HasTinyFactor(modulus))
            return "an RSA modulus with a tiny factor";
        if (HasRocaFingerprint(modulus))
            return "an RSA modulus with the fingerprint of ROCA (CVE-2017-15361)";
        return HasClosePrimes(modulus) ? "an RSA modulus whose primes are too close together (CVE-2022-26320)" : null;
    }

    private static bool HasTinyFactor(BigInteger modulus) => Array.Exists(SmallPrimeGroups, group =>
    {
        var remainder = modulus % group.Product;
        return Array.Exists(group.Words, word =>
        {
            var left = (uint)(remainder % word.Product);
            return Array.Exists(word.Primes, prime => left % prime == 0);
        });
    });

    // Nemec, Sys, Svenda, Klinec and Matyas, "The Return of Coppersmith's Attack" (ACM CCS 2017), §2: Infineon's library took primes of
    // the form k·M + (65537^a mod M), where M is the product of the first primes, in every key size at least those up to 167. So modulo
    // each of these primes the modulus is a power of 65537. Of other keys one in 200 million looks like that.
    private static bool HasRocaFingerprint(BigInteger modulus) =>
        Array.TrueForAll(RocaPrimes, roca => roca.Powers[(int)(modulus % roca.Prime)]);

    // Fermat: n = a² − b² = (a − b)(a + b), and where the primes are close, a is little more than √n. Of a hundred keys one or two
    // have an a² − n that passes all tables; only then are the large numbers looked at.
    private static bool HasClosePrimes(BigInteger modulus)
    {
        var least = SquareRoot(modulus - 1) + 1;
        var (first, second, third) = (
            new SquareTest(SquaresModulo256, least, modulus),
            new SquareTest(SquaresModulo45045, least, modulus),
            new SquareTest(SquaresModulo215441, least, modulus));
        for (var round = 0; round < FermatRounds; round++)
        {
            if (first.Passes(round) && second.Passes(round) && third.Passes(round)
                && IsSquare(((least + round) * (least + round)) - modulus))
                return true;
        }

        return false;
    }

    private static bool IsSquare(BigInteger number)
    {
        var root = SquareRoot(number);
        return root * root == number;
    }

    // Newton's method, rounded down. Each step doubles the leading bits of the root that are right,
    // and divides no larger numbers than it takes for that.
    private static BigInteger SquareRoot(BigInteger number)
    {
        if (number.IsZero)
            return number;
        var bits = ((int)number.GetBitLength() - 1) / 2;
        var (root, known) = (BigInteger.One, 0);
        for (var step = 32 - BitOperations.LeadingZeroCount((uint)bits) - 1; step >= 0; step--)
        {
            var before = known;
            known = bits >> step;
            root = (root << (known - before - 1)) + ((number >> ((2 * bits) - before - known + 1)) / root);
        }

        return root * root > number ? root - 1 : root;
    }

    private static bool[] PowersOf65537(int modulus)
    {
        var powers = new bool[modulus];
        for (var power = 1; !powers[power]; power = power * 65537 % modulus)
            powers[power] = true;
        return powers;
    }

    private static bool[] SquaresModulo(int modulus)
    {
        var squares = new bool[modulus];
        for (var number = 0L; number < modulus; number++)
            squares[number * number % modulus] = true;
        return squares;
    }

    private sealed record Verdict(ReadOnlyMemory<byte> Modulus, ReadOnlyMemory<byte> Exponent, string? Weakness)
    {
        public bool IsOf(PublicKeyInfo key) =>
            Modulus.Span.SequenceEqual(key.Modulus.Span) && Exponent.Span.SequenceEqual(key.Exponent.Span);
    }

    /// <summary>Whether (least + round)² − modulus can be a square, as far as its remainder tells.</summary>
    private readonly struct SquareTest(bool[] squares, BigInteger least, BigInteger modulus)
    {
        private readonly long _least = (long)(least % squares.Length);
        private readonly long _modulus = (long)(modulus % squares.Length);

        public bool Passes(int round) => squares[(((_least + round) * (_least + round)) + squares.Length - _modulus) % squares.Length];
    }
}
