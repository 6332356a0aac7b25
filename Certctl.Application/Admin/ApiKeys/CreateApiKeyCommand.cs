using System.Globalization;
using Certctl.Application.Enrolments.Journal;
using Certctl.Domain.Audit;
using FluentValidation;
using MediatR;

namespace Certctl.Application.Admin.ApiKeys;

/// <summary>
/// Creates a key of the REST API. The command carries only its digest; the key itself stays with the endpoint that returns it.
/// </summary>
/// <param name="KeyId">16 lower-case hex digits.</param>
/// <param name="Sha256">32 octets over the whole key.</param>
/// <param name="ExpiresAt">Within a year.</param>
public sealed record CreateApiKeyCommand(
    string KeyId, byte[] Sha256, string Name, ApiRole Role, DateTimeOffset ExpiresAt, AdminCaller Caller) : AdminCommand(Caller);

public sealed class CreateApiKeyValidator : AdminCommandValidator<CreateApiKeyCommand>
{
    public CreateApiKeyValidator()
    {
        RuleFor(c => c.Name).Must(name => ApiKeyName.IsValid(name)).WithMessage($"name: must be {ApiKeyName.PatternInWords}");
        RuleFor(c => c.Name).Must(name => !ReservedNames.Contains(name))
            .WithMessage($"name: must not be one of {string.Join(", ", ReservedNames.All)}, which the audit trail uses itself");
    }
}

public sealed class CreateApiKeyHandler(IApiKeyRepository keys, DatabaseClock clock) : IRequestHandler<CreateApiKeyCommand, AdminOutcome>
{
    private static readonly TimeSpan MaxLife = TimeSpan.FromDays(366);

    public async Task<AdminOutcome> Handle(CreateApiKeyCommand request, CancellationToken cancellationToken)
    {
        var now = await clock.NowAsync(cancellationToken);

        // Here and not in the validator: the end is judged by the same clock when the key is used.
        if (request.ExpiresAt <= now || request.ExpiresAt > now + MaxLife)
        {
            var problem = string.Create(
                CultureInfo.InvariantCulture, $"expires_at: must lie in the future, and within {MaxLife.TotalDays} days");
            return new AdminOutcome.Invalid([problem]);
        }

        var key = new ApiKey
        {
            Id = request.KeyId,
            Name = request.Name,
            Role = request.Role,
            Sha256 = request.Sha256,
            CreatedAt = now,
            CreatedBy = request.Caller.Actor,
            Principal = request.Caller.Principal,
            ExpiresAt = request.ExpiresAt,
        };
        var audit = AdminTrail.Event(
            request.Caller, AuditAction.ApiKeyCreated, ApiKeyTrail.Resource, key.Id,
            string.Create(CultureInfo.InvariantCulture, $"{key.Name}, {key.Role}, until {key.ExpiresAt.UtcDateTime:O}"), now);
        return await keys.AddAsync(key, audit, cancellationToken)
            ? new AdminOutcome.Done("created")
            : new AdminOutcome.Conflict($"{key.Name} has another role by an active key; one name has one role.");
    }
}

/// <summary>A key of the REST API is refused from now on.</summary>
public sealed record RevokeApiKeyCommand(string KeyId, AdminCaller Caller) : AdminCommand(Caller);

public sealed class RevokeApiKeyValidator : AdminCommandValidator<RevokeApiKeyCommand>;

public sealed class RevokeApiKeyHandler(IApiKeyRepository keys, DatabaseClock clock) : IRequestHandler<RevokeApiKeyCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(RevokeApiKeyCommand request, CancellationToken cancellationToken)
    {
        if (await keys.FindAsync(request.KeyId, cancellationToken) is not { } key)
            return new AdminOutcome.NotFound("API key not found");
        var now = await clock.NowAsync(cancellationToken);
        var audit = AdminTrail.Event(request.Caller, AuditAction.ApiKeyRevoked, ApiKeyTrail.Resource, key.Id, key.Name, now);
        return await keys.RevokeAsync(key.Id, now, audit, cancellationToken)
            ? new AdminOutcome.Done("revoked")
            : new AdminOutcome.Conflict("It has been revoked before.");
    }
}

internal static class ApiKeyTrail
{
    public const string Resource = "api_key";
}
