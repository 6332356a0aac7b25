using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Est.Access;
using Certctl.Domain.Enrolments;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Est;

/// <summary>RFC 7030 §4.2 and §4.4: a client asks for a certificate. Not sealed: serverkeygen asks for more.</summary>
/// <param name="Client">As the gate let it in.</param>
public record EstCommand(EnrolmentContext Context, CertificateSigningRequest Csr, EnrolmentKind Kind, EstClient Client)
    : IssuanceCommand(Context, Csr, Kind)
{
    // A request that renews has the certificate for its requester, whichever operation it came by.
    public override bool IsRenewal => Kind.IsRenewal() || Context.Requester.HasCertificate;

    public override bool BringsChallenge => base.BringsChallenge || Client.PasswordId is not null;

    /// <summary>By which the journal knows the request.</summary>
    public static ReadOnlyMemory<byte> Identity(TransactionId transaction) => SHA256.HashData(transaction.ToBytes());

    /// <summary>
    /// RFC 7030 §4.2.3: a repeated request is found by its key, what it asks for and who asks. Clients sign it anew for each try, so its
    /// octets differ.
    /// </summary>
    public static TransactionId Transaction(CertificateSigningRequest csr, EnrolmentKind kind, EstClient client)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)kind]);
        hash.AppendData(csr.PublicKey.Sha256.Span);
        Append(csr.Subject.Der.Span);
        AppendSet(csr.SubjectAltNames.Select(name => Convert.ToHexString(name.Der.Span)));
        AppendSet(csr.OtherExtensions.Select(one => $"{one.Key} {Convert.ToHexString(one.Value.Span)}"));
        AppendText(csr.RequestedValidity is { } wish
            ? string.Create(CultureInfo.InvariantCulture, $"{wish.Number} {wish.Unit} {wish.End:O}")
            : "");
        AppendText(client.PasswordId is null ? "" : client.UserName);
        Append(client.Certificate is { } shown && (client.IsTrusted || kind.IsRenewal()) ? shown.CertificateDer.Span : default);
        return new TransactionId(Convert.ToHexStringLower(hash.GetHashAndReset()));

        // In no order: what stands twice or elsewhere in the list asks for the same.
        void AppendSet(IEnumerable<string> members)
        {
            var set = members.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            hash.AppendData(BitConverter.GetBytes(set.Count));
            set.ForEach(AppendText);
        }

        void AppendText(string part) => Append(Encoding.UTF8.GetBytes(part));

        void Append(ReadOnlySpan<byte> part)
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(part);
        }
    }
}

public sealed class EstValidator : AbstractValidator<EstCommand>
{
    public EstValidator() => Include(new IssuanceValidator());
}

public sealed class EstHandler(CertificateIssuance issuance) : IRequestHandler<EstCommand, EnrolmentOutcome>
{
    public async Task<EnrolmentOutcome> Handle(EstCommand request, CancellationToken cancellationToken)
    {
        var answer = request.Context.Stored is { } stored
            ? await issuance.AnswerAsync(stored, request.Context, cancellationToken)
            : null;

        // Nothing comes of it any more: operators are asked about the names of today.
        return answer is null or EnrolmentOutcome.Refused { Failure.Reason: FailureReason.ApprovedNamesChanged }
            ? await issuance.IssueAsync(request, cancellationToken)
            : answer;
    }
}
