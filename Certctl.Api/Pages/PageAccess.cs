using System.Data.Common;
using System.Security.Claims;
using Certctl.Api.Configuration;
using Certctl.Api.Hosting.Http;
using Certctl.Api.Pages.Session;
using Certctl.Api.Rest.Access;
using Certctl.Application.Admin;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;

namespace Certctl.Api.Pages;

/// <summary>What a page got.</summary>
internal abstract record PageRead<T>
{
    private PageRead()
    {
    }

    public sealed record Loaded(T Value) : PageRead<T>;

    /// <summary>The operator's role is too small.</summary>
    public sealed record Forbidden : PageRead<T>;

    /// <summary>The session has ended: its time has run out, or its key counts no longer.</summary>
    public sealed record SignedOut : PageRead<T>;

    /// <summary>The database cannot be reached now.</summary>
    public sealed record Unavailable : PageRead<T>;
}

/// <summary>
/// The only way of a page to data and commands. A page stays open for hours, so each time asks again what a request of the REST API is
/// asked: whether the key still counts, and for the role.
/// </summary>
internal sealed class PageAccess(
    AuthenticationStateProvider session, SessionCheck sessions, IAuthorizationService authorization, AdminDispatcher dispatcher,
    CertctlOptions options)
{
    /// <summary>In the audit trail.</summary>
    public const string Channel = "web page";

    /// <summary>Whether the operator has the role; asks neither the database nor the key.</summary>
    /// <param name="policy">Of <see cref="ApiPolicy"/>.</param>
    public async Task<bool> MayAsync(string policy) => (await authorization.AuthorizeAsync(await UserAsync(), policy)).Succeeded;

    /// <param name="policy">As the REST API asks for the same.</param>
    public async Task<PageRead<T>> ReadAsync<T>(
        string policy, Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        // A circuit's code runs in the context of the request that opened its connection, whose time is long over.
        RequestFrame.BeginDatabaseTime(options.Database.Deadline);
        try
        {
            if (!await sessions.CountsAsync(await UserAsync(), cancellationToken))
                return new PageRead<T>.SignedOut();
            return await MayAsync(policy)
                ? new PageRead<T>.Loaded(await read(cancellationToken))
                : new PageRead<T>.Forbidden();
        }
        catch (DbException)
        {
            return new PageRead<T>.Unavailable();
        }
        catch (TimeoutException)
        {
            return new PageRead<T>.Unavailable();
        }
    }

    /// <summary>Sends what the REST API would send.</summary>
    public Task<PageRead<AdminOutcome>> SendAsync(
        string policy, Func<AdminCaller, AdminCommand> command, CancellationToken cancellationToken) =>
        ReadAsync(
            policy,
            async cancelled =>
            {
                var user = await UserAsync();
                var caller = new AdminCaller(user.Identity!.Name!, Channel, user.FindFirstValue(SessionCheck.AddressClaim))
                {
                    Principal = ApiPolicy.PrincipalOf(user),
                };
                return await dispatcher.SendAsync(command(caller), cancelled);
            },
            cancellationToken);

    private async Task<ClaimsPrincipal> UserAsync() => (await session.GetAuthenticationStateAsync()).User;
}
