using System.Formats.Asn1;
using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Issuers.LocalCa;

/// <summary>
/// Signs with the CA's key and checks each signature before it is used: a faulty RSA-CRT signature would give the key away.
/// </summary>
internal sealed class CaSigner
{
    private readonly AsymmetricAlgorithm _key;
    private readonly HashAlgorithmName _hash;

    public CaSigner(KeyPair ca)
    {
        _key = ca.Key;
        if (!PublicKeyReader.TryRead(ca.Certificate.PublicKey.ExportSubjectPublicKeyInfo(), out var key, out var defect))
            throw new InvalidOperationException($"The CA's public key cannot be read: {defect}.");

        // NIST SP 800-57: a hash as strong as the curve.
        _hash = key!.Algorithm == KeyAlgorithm.Ecdsa && key.Bits > 256 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

        // RFC 4055 §5 (parameters NULL) and RFC 5758 §3.2 (parameters absent), as DER.
        AlgorithmIdentifier = key.Algorithm switch
        {
            KeyAlgorithm.Rsa => Convert.FromHexString("300D06092A864886F70D01010B0500"),
            KeyAlgorithm.Ecdsa when _hash == HashAlgorithmName.SHA384 => Convert.FromHexString("300A06082A8648CE3D040303"),
            KeyAlgorithm.Ecdsa => Convert.FromHexString("300A06082A8648CE3D040302"),
            KeyAlgorithm.Ed25519 or KeyAlgorithm.Other =>
                throw new InvalidOperationException($"A CA key is RSA or ECDSA, not {key.Describe()}."),
        };
    }

    /// <summary>The signature AlgorithmIdentifier as DER.</summary>
    public ReadOnlyMemory<byte> AlgorithmIdentifier { get; }

    /// <summary>
    /// A certificate or a CRL around what is to be signed: SEQUENCE of that,
    /// the AlgorithmIdentifier and the signature (RFC 5280 §4.1, §5.1).
    /// </summary>
    public byte[] Seal(ReadOnlySpan<byte> toBeSigned)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, toBeSigned.Length + 1024);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(toBeSigned);
            writer.WriteEncodedValue(AlgorithmIdentifier.Span);
            writer.WriteBitString(Sign(toBeSigned));
        }

        return writer.Encode();
    }

    /// <summary>The same around something long that is held in parts: the array returned is the only copy of it.</summary>
    public byte[] Seal(IReadOnlyCollection<ReadOnlyMemory<byte>> toBeSigned)
    {
        using var hash = IncrementalHash.CreateHash(_hash);
        foreach (var part in toBeSigned)
            hash.AppendData(part.Span);
        var end = new AsnWriter(AsnEncodingRules.DER);
        end.WriteEncodedValue(AlgorithmIdentifier.Span);
        end.WriteBitString(SignHash(hash.GetHashAndReset()));

        var content = checked(toBeSigned.Sum(part => part.Length) + end.GetEncodedLength());
        var header = DerHeader.OfSequence(content);
        var der = GC.AllocateUninitializedArray<byte>(checked(header.Length + content));
        header.CopyTo(der.AsSpan());
        var at = header.Length;
        foreach (var part in toBeSigned)
        {
            part.Span.CopyTo(der.AsSpan(at));
            at += part.Length;
        }

        end.Encode(der.AsSpan(at));
        return der;
    }

    /// <summary>Signs random octets; what is wrong with the key, or null.</summary>
    public string? FindDefect()
    {
        try
        {
            Sign(RandomNumberGenerator.GetBytes(32));
            return null;
        }
        catch (CryptographicException faulty)
        {
            return faulty.Message;
        }
    }

    private byte[] Sign(ReadOnlySpan<byte> data) => SignHash(CryptographicOperations.HashData(_hash, data));

    private byte[] SignHash(byte[] hash)
    {
        var (signature, verifies) = _key switch
        {
            RSA rsa when rsa.SignHash(hash, _hash, RSASignaturePadding.Pkcs1) is var made =>
                (made, rsa.VerifyHash(hash, made, _hash, RSASignaturePadding.Pkcs1)),
            ECDsa ecdsa when ecdsa.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence) is var made =>
                (made, ecdsa.VerifyHash(hash, made, DSASignatureFormat.Rfc3279DerSequence)),
            _ => throw new InvalidOperationException($"A CA key is RSA or ECDSA, not {_key.GetType().Name}."),
        };
        return verifies
            ? signature
            : throw new CryptographicException("The CA key made a signature that does not verify; the key or this machine is faulty.");
    }
}
