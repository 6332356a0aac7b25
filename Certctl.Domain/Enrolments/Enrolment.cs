using Certctl.Domain.Profiles;

namespace Certctl.Domain.Enrolments;

/// <summary>The states of a stored request (RFC 8894 §2.5 and §5).</summary>
public enum EnrolmentState
{
    Pending,
    Approved,
    Denied,
    Expired,
    Issued,
}

public enum EnrolmentKind
{
    PkcsReq,
    RenewalReq,

    /// <summary>A PKCS#10 in the clear, without a pkiMessage around it.</summary>
    RawCsr,

    /// <summary>RFC 7030 §4.2.1.</summary>
    SimpleEnroll,

    /// <summary>RFC 7030 §4.2.2.</summary>
    SimpleReenroll,

    /// <summary>RFC 7030 §4.4: the key is made here.</summary>
    ServerKeyGen,
}

/// <summary>What follows from the kind of a request.</summary>
public static class EnrolmentKinds
{
    /// <summary>It says of itself that it renews.</summary>
    public static bool IsRenewal(this EnrolmentKind kind) => kind is EnrolmentKind.RenewalReq or EnrolmentKind.SimpleReenroll;

    /// <summary>Its reply is encrypted to the key of the requester.</summary>
    public static bool IsAnsweredInEnvelope(this EnrolmentKind kind) => kind is EnrolmentKind.PkcsReq or EnrolmentKind.RenewalReq;
}

/// <summary>One request of one device as the journal keeps it, from arrival to certificate.</summary>
public sealed class Enrolment
{
    private DateTimeOffset _heldUntil;
    private string _subject = "";
    private IReadOnlyList<string> _subjectAltNames = [];

    public required Guid Id { get; init; }

    /// <summary><c>SCEP</c> or <c>EST</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>PathID of the endpoint; empty for the root.</summary>
    public required string PathId { get; init; }

    public required EnrolmentKind Kind { get; init; }

    public required TransactionId TransactionId { get; init; }

    /// <summary>SHA-256 of the signer's SubjectPublicKeyInfo: who may ask for this enrolment again.</summary>
    public required byte[] SignerKeySha256 { get; init; }

    /// <summary>
    /// The PKCS#10 as DER, the octets of its challengePassword zeros: the database is no place for a secret that many devices share.
    /// </summary>
    public required byte[] Csr { get; init; }

    /// <summary>SHA-256 of the PKCS#10 as it came.</summary>
    public required byte[] CsrSha256 { get; init; }

    public required string ProfileId { get; init; }

    /// <summary>RFC 4514 form: what the certificate has or, while the request waits, is to have.</summary>
    public required string Subject { get => _subject; init => _subject = value; }

    /// <summary>Likewise.</summary>
    public required IReadOnlyList<string> SubjectAltNames { get => _subjectAltNames; init => _subjectAltNames = value; }

    /// <summary>Algorithm and size of the key to be certified: "RSA-2048", "ECDSA-P256".</summary>
    public required string KeyAlgorithm { get; init; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo to be certified.</summary>
    public required byte[] PublicKeySha256 { get; init; }

    public required ChallengeKind ChallengeKind { get; init; }

    public required string VouchedBy { get; init; }

    /// <summary>
    /// Claims <c>iss</c> and <c>sub</c> and the device's name of the signed challenge that came with the request; null where none did.
    /// </summary>
    public string? ClaimIssuer { get; init; }

    public string? ClaimSubject { get; init; }

    public string? DeviceName { get; init; }

    /// <summary>32 octets that name the signed challenge.</summary>
    public byte[]? TokenSha256 { get; init; }

    public required string? SourceAddress { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public EnrolmentState State { get; private set; }

    /// <summary>
    /// When an undecided request or a reservation lapses; for an issued one, until when a repeated request is answered with the
    /// same certificate.
    /// </summary>
    public required DateTimeOffset HeldUntil { get => _heldUntil; init => _heldUntil = value; }

    /// <summary>When the last decision that it needed was made, and by whom.</summary>
    public DateTimeOffset? DecidedAt { get; private set; }

    public string? DecidedBy { get; private set; }

    /// <summary>Who is to sign it or has signed or refused it; null until then.</summary>
    public string? IssuerId { get; private set; }

    /// <summary>40 lower-case hex digits, once issued.</summary>
    public string? SerialNumber { get; private set; }

    /// <summary>Of a reservation: until when one process alone may ask the issuer; null: it has never been asked.</summary>
    public DateTimeOffset? LeasedUntil { get; private set; }

    /// <summary>Of a reservation: the issuer's own name for the request, once it has answered that it decides later.</summary>
    public string? IssuerReference { get; private set; }

    /// <summary>
    /// Everything that it claims is committed, and an issuer outside of this process is to sign it or has been asked to. Only the issuer's
    /// id distinguishes it from a request that operators have approved.
    /// </summary>
    public bool IsReserved => State == EnrolmentState.Approved && IssuerId is not null;

    /// <summary>A copy that has the names which its certificate profile grants.</summary>
    public Enrolment Named(CertificateTemplate granted)
    {
        var copy = (Enrolment)MemberwiseClone();
        (copy._subject, copy._subjectAltNames) = (granted.Subject.ToString(), granted.SubjectAltNameTexts);
        return copy;
    }

    /// <summary>Whether both have the same names as displayed.</summary>
    public bool HasNamesOf(Enrolment other) =>
        Subject == other.Subject && SubjectAltNames.SequenceEqual(other.SubjectAltNames, StringComparer.Ordinal);

    /// <summary>A copy that waits until <paramref name="heldUntil"/>.</summary>
    public Enrolment Waiting(DateTimeOffset heldUntil)
    {
        var copy = (Enrolment)MemberwiseClone();
        copy._heldUntil = heldUntil;
        return copy;
    }

    /// <summary>A copy that has its certificate; repeated requests are answered with it until <paramref name="heldUntil"/>.</summary>
    public Enrolment Issued(string issuerId, string serialNumber, DateTimeOffset heldUntil)
    {
        if (State is not (EnrolmentState.Pending or EnrolmentState.Approved))
            throw new InvalidOperationException($"An enrolment that is {State} cannot be issued.");
        var copy = Waiting(heldUntil);
        (copy.State, copy.IssuerId, copy.SerialNumber) = (EnrolmentState.Issued, issuerId, serialNumber);
        return copy;
    }

    /// <summary>A copy that is reserved at an issuer until <paramref name="heldUntil"/>.</summary>
    public Enrolment Reserved(string issuerId, DateTimeOffset heldUntil)
    {
        if (State is not (EnrolmentState.Pending or EnrolmentState.Approved))
            throw new InvalidOperationException($"An enrolment that is {State} cannot be reserved.");
        var copy = Waiting(heldUntil);
        (copy.State, copy.IssuerId) = (EnrolmentState.Approved, issuerId);
        return copy;
    }

    /// <summary>A copy of a reservation with a lease, and with the issuer's reference where there is one.</summary>
    public Enrolment Leased(DateTimeOffset until, string? reference)
    {
        if (!IsReserved)
            throw new InvalidOperationException($"Enrolment {Id} is not reserved.");
        var copy = Waiting(_heldUntil);
        (copy.LeasedUntil, copy.IssuerReference) = (until, reference);
        return copy;
    }

    /// <summary>A copy of a reservation that its issuer has refused.</summary>
    public Enrolment RefusedByIssuer()
    {
        if (!IsReserved)
            throw new InvalidOperationException($"Enrolment {Id} is not reserved.");
        var copy = Waiting(_heldUntil);
        copy.State = EnrolmentState.Denied;
        return copy;
    }

    /// <summary>A copy that carries the decision that it waited for: the last approval that it needed, or the first denial.</summary>
    public Enrolment Decided(bool approved, string actor, DateTimeOffset at)
    {
        if (State != EnrolmentState.Pending)
            throw new InvalidOperationException($"An enrolment that is {State} cannot be decided.");
        var copy = Waiting(_heldUntil);
        (copy.State, copy.DecidedBy, copy.DecidedAt) = (approved ? EnrolmentState.Approved : EnrolmentState.Denied, actor, at);
        return copy;
    }

    /// <summary>The state as it is at <paramref name="now"/>: an undecided request and a reservation lapse by themselves.</summary>
    public EnrolmentState StateAt(DateTimeOffset now) =>
        (State == EnrolmentState.Pending || IsReserved) && now >= HeldUntil ? EnrolmentState.Expired : State;
}

/// <summary>One operator's decision about a waiting request.</summary>
public sealed class EnrolmentDecision
{
    public required Guid EnrolmentId { get; init; }

    /// <summary>Who: decides once about a request.</summary>
    public required string Actor { get; init; }

    /// <summary>Who answers for the actor, and decides once about a request too: the maker of the API key, or the actor.</summary>
    public required string Principal { get; init; }

    public required bool Approved { get; init; }

    /// <summary>Free text for other operators; empty when there is none.</summary>
    public required string Note { get; init; }

    public required DateTimeOffset DecidedAt { get; init; }
}
