using Certctl.Domain.Enrolments;

namespace Certctl.Infrastructure.Crypto;

/// <summary>
/// How much a stranger's bytes may make the decoders do: depth, sizes and counts, all in one place. Each is well above what is met in the
/// field; what is beyond is refused before anything is built from it. The size of a whole message is a setting
/// (<c>CERTCTL_MAX_BODY_SIZE</c>), the length of a transactionID the database's (<see cref="TransactionId.MaxLength"/>),
/// and key sizes are policy.
/// </summary>
internal static class DecodingLimits
{
    /// <summary>Elements within each other. A pkiMessage with the certificates in it has about ten.</summary>
    public const int Depth = 32;

    /// <summary>Content octets of an OBJECT IDENTIFIER. Those with a UUID in them (2.25) take 20.</summary>
    public const int OidOctets = 128;

    /// <summary>Octets behind a message. iOS pads its GETs with zeros, and line ends survive from base64 and from files.</summary>
    public const int TrailingOctets = 16;

    /// <summary>Certificates in a SignedData. Devices send one, in a renewal a whole chain.</summary>
    public const int Certificates = 32;

    /// <summary>SignerInfos that are looked at. RFC 8894 has one; the second is there to tell one from several.</summary>
    public const int Signers = 2;

    /// <summary>RecipientInfos. Most send one; micromdm sends one for each certificate of GetCACert.</summary>
    public const int Recipients = 32;

    /// <summary>Iterations of PBKDF2 in a PasswordRecipientInfo, at least. RFC 8018 §4.2; OpenSSL takes 2048, Bouncy Castle
    /// 1024.</summary>
    public const int MinPasswordIterations = 1000;

    /// <summary>And at most: any client can make the server do them, once for each secret of the profile.</summary>
    public const int MaxPasswordIterations = 10_000;

    /// <summary>Messages that wait while a key is derived for another one; more are told to come again.</summary>
    public const int WaitingForDerivation = 4;

    /// <summary>And how long they wait: hundreds of derivations would have ended.</summary>
    public static readonly TimeSpan DerivationWait = TimeSpan.FromSeconds(2);

    /// <summary>Signed attributes. RFC 8894 has up to eight.</summary>
    public const int SignedAttributes = 64;

    /// <summary>Octets of a senderNonce. RFC 8894 §3.2.1.5 says 16.</summary>
    public const int NonceOctets = 64;

    /// <summary>Content octets of a serial number. RFC 5280 §4.1.2.2 says 20; sscep and its kin use 32.</summary>
    public const int SerialNumberOctets = 64;

    /// <summary>Attributes of a PKCS#10. Windows sends five or six.</summary>
    public const int RequestAttributes = 64;

    /// <summary>Extensions of a certificate or a request. A dozen is much.</summary>
    public const int Extensions = 64;

    /// <summary>Names in a subjectAltName. Policy then allows 100.</summary>
    public const int GeneralNames = 256;

    /// <summary>Attributes of a Name, in all its RDNs together. Policy then allows 32.</summary>
    public const int NameAttributes = 64;

    /// <summary>
    /// Octets of a Name. Those of devices have a few hundred. A name is compared with that of every certificate in the message.
    /// </summary>
    public const int NameOctets = 16 * 1024;

    /// <summary>Numbers in a TLS feature extension. Two are known (RFC 7633 §4.2, RFC 6961). Each is compared with all before
    /// it.</summary>
    public const int TlsFeatures = 32;

    /// <summary>Octets of an OCSP request. One with a signature and its certificates has a few thousand.</summary>
    public const int OcspRequestOctets = 64 * 1024;

    /// <summary>Certificates that one OCSP request asks about; each costs a look-up in the database. Clients ask about one.</summary>
    public const int OcspEntries = 32;

    /// <summary>Octets of an OCSP nonce (RFC 9654 §2.1).</summary>
    public const int OcspNonceOctets = 128;
}
