using System.Security.Cryptography;
using Certctl.Domain.Enrolments;

namespace Certctl.Application.Scep;

/// <summary>
/// The secrets with which a request may be encrypted instead of to the RA's key (RFC 8894 §3.1, ADR 29); the default has none.
/// </summary>
public readonly record struct EnvelopePasswords(Secret? Current, Secret? Previous)
{
    /// <summary>
    /// Characters of a secret that may protect an envelope: who reads such a message can try guesses against it without asking the server.
    /// </summary>
    public const int MinLength = 16;

    public bool IsEmpty => Current is null && Previous is null;

    /// <summary>Those of the secrets that are long enough.</summary>
    public static EnvelopePasswords Of((Secret? Current, Secret? Previous) secrets) =>
        new(Strong(secrets.Current), Strong(secrets.Previous));

    private static Secret? Strong(Secret? secret) => secret?.Length >= MinLength ? secret : null;
}

/// <summary>The challenge that opened a request, and what the client derived its key with: the reply is encrypted likewise.</summary>
/// <param name="Digest">Of the HMAC in PBKDF2.</param>
/// <param name="Iterations">Of PBKDF2.</param>
public sealed record EnvelopePassword(Secret Challenge, HashAlgorithmName Digest, int Iterations);
