using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Enrolments.Journal;
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
    public override bool IsRenewal => Kind.IsRenewal();

    public override bool BringsChallenge => base.BringsChallenge || Client.PasswordId is not null;

    /// <summary>By which the journal knows the request.</summary>
    public static ReadOnlyMemory<byte> Identity(TransactionId transaction) => SHA256.HashData(transaction.ToBytes());

    /// <summary>
    /// RFC 7030 §4.2.3: a repeated request is found by its key, its names and who asks. Clients sign it anew for each try, so its octets
    /// differ.
    /// </summary>
    public static TransactionId Transaction(CertificateSigningRequest csr, EnrolmentKind kind, EstClient client)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([(byte)kind]);
        hash.AppendData(csr.PublicKey.Sha256.Span);
        Append(csr.Subject.Der.Span);
        Append(Encoding.UTF8.GetBytes(string.Join('\n', csr.SubjectAltNames)));
        Append(Encoding.UTF8.GetBytes(client.PasswordId is null ? "" : client.UserName));
        Append(client.Certificate is { } shown && (client.IsTrusted || kind.IsRenewal()) ? shown.CertificateDer.Span : default);
        return new TransactionId(Convert.ToHexStringLower(hash.GetHashAndReset()));

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

public sealed class EstHandler(IEnrolmentRepository enrolments, CertificateIssuance issuance)
    : IRequestHandler<EstCommand, EnrolmentOutcome>
{
    public async Task<EnrolmentOutcome> Handle(EstCommand request, CancellationToken cancellationToken) =>
        await AnswerAgainAsync(request, cancellationToken) ?? await issuance.IssueAsync(request, cancellationToken);

    /// <summary>What the same request of the same client has come to; null: it is a new one.</summary>
    private async Task<EnrolmentOutcome?> AnswerAgainAsync(EstCommand request, CancellationToken cancellationToken)
    {
        var context = request.Context;
        var stored = await enrolments.FindByTransactionAsync(
            context.Policy.PathId, context.TransactionId, context.Requester.PublicKey.Sha256, cancellationToken);
        if (stored is null || !IsAnswer(stored, context.ReceivedAt))
            return null;
        var answer = await issuance.AnswerAsync(stored, context, cancellationToken);

        // Nothing comes of it any more: operators are asked about the names of today.
        return answer is EnrolmentOutcome.Refused { Failure.Reason: FailureReason.ApprovedNamesChanged } ? null : answer;
    }

    private static bool IsAnswer(StoredEnrolment stored, DateTimeOffset now) => stored.State switch
    {
        EnrolmentState.Pending or EnrolmentState.Approved => true,
        EnrolmentState.Denied => now < stored.Enrolment.HeldUntil,
        EnrolmentState.Issued =>
            now < stored.Enrolment.HeldUntil && stored.Certificate is { IsRevoked: false } certificate && now < certificate.NotAfter,
        _ => false,
    };
}
