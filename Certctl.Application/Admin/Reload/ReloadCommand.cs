using MediatR;

namespace Certctl.Application.Admin.Reload;

/// <summary>Every part of the running server that can be exchanged is read again, as by SIGHUP.</summary>
public sealed record ReloadCommand(AdminCaller Caller) : AdminCommand(Caller);

public sealed class ReloadValidator : AdminCommandValidator<ReloadCommand>;

public sealed class ReloadHandler(ReloadParts reload) : IRequestHandler<ReloadCommand, AdminOutcome>
{
    public async Task<AdminOutcome> Handle(ReloadCommand request, CancellationToken cancellationToken) =>
        new AdminOutcome.Reloaded(await reload(request.Caller, only: null, cancellationToken));
}
