using System.CommandLine;
using System.Text;

namespace Certctl.Api.Commands;

/// <summary>
/// <c>certctl help-files DIR</c>: the manual page and the completions of bash, written from the definitions of the verbs, for packages.
/// </summary>
internal static class HelpFiles
{
    public static Command Create(Func<RootCommand> root)
    {
        var folder = new Argument<string>("DIR") { Description = "Where certctl.1 and certctl.bash are written." };
        var command = new Command("help-files", "Write the manual page and the completions of bash.") { folder };
        command.Hidden = true;
        command.SetAction(parse =>
        {
            var target = Directory.CreateDirectory(parse.GetValue(folder)!).FullName;
            var verbs = Verbs(root(), []).ToList();
            File.WriteAllText(Path.Combine(target, "certctl.1"), ManualPage(root().Description!, verbs));
            File.WriteAllText(Path.Combine(target, "certctl.bash"), Completions(verbs));
            return 0;
        });
        return command;
    }

    private static IEnumerable<(string[] Path, Command Command, IReadOnlyList<Option> Options)> Verbs(Command command, string[] path)
    {
        var recursive = command.Options.Where(option => option.Recursive && !option.Hidden).ToList();
        foreach (var sub in command.Subcommands.Where(sub => !sub.Hidden))
        {
            string[] name = [.. path, sub.Name];
            yield return (name, sub, [.. sub.Options.Where(option => !option.Hidden), .. recursive]);
            foreach (var (below, deeper, options) in Verbs(sub, name))
                yield return (below, deeper, [.. options, .. recursive]);
        }
    }

    private static string ManualPage(string description, List<(string[] Path, Command Command, IReadOnlyList<Option> Options)> verbs)
    {
        var page = new StringBuilder();
        page.AppendLine(".TH CERTCTL 1").AppendLine(".SH NAME").AppendLine($"certctl \\- {Escape(description.TrimEnd('.'))}");
        page.AppendLine(".SH SYNOPSIS").AppendLine(".B certctl").AppendLine("VERB [OPTIONS]").AppendLine(".SH VERBS");
        foreach (var (path, command, options) in verbs)
        {
            var arguments = string.Concat(command.Arguments.Select(argument => $" {argument.Name}"));
            page.AppendLine(".TP").AppendLine($".B {Escape($"certctl {string.Join(' ', path)}{arguments}")}");
            page.AppendLine(Escape(command.Description ?? ""));
            foreach (var option in options)
            {
                page.AppendLine(".RS").AppendLine(".TP").AppendLine($".B {Escape(option.Name)}");
                page.AppendLine(Escape(option.Description ?? "")).AppendLine(".RE");
            }
        }

        page.AppendLine(".SH FILES").AppendLine(".TP").AppendLine(".B /etc/certctl/certctl.env");
        page.AppendLine("Settings of the service, NAME=VALUE.");
        page.AppendLine(".SH SEE ALSO").AppendLine("/usr/share/doc/certctl");
        return page.ToString();
    }

    // The words that fit behind the words that are there: verbs of that level, or the options of the verb.
    private static string Completions(List<(string[] Path, Command Command, IReadOnlyList<Option> Options)> verbs)
    {
        var script = new StringBuilder();
        script.AppendLine("_certctl() {").AppendLine("  local words i path=''");
        script.AppendLine("  for ((i = 1; i < COMP_CWORD; i++)); do");
        script.AppendLine("    [[ ${COMP_WORDS[i]} == -* ]] || path+=\"${path:+ }${COMP_WORDS[i]}\"").AppendLine("  done");
        script.AppendLine("  case $path in");
        var first = verbs.Where(verb => verb.Path.Length == 1).Select(verb => verb.Path[0]);
        script.AppendLine($"    '') words='{string.Join(' ', first)} --help --version' ;;");

        // The longest first: certctl import certificates is no certctl import.
        foreach (var (path, command, options) in verbs.OrderByDescending(verb => verb.Path.Length))
        {
            var words = command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name)
                .Concat(options.Select(option => option.Name)).Append("--help");
            var typed = string.Join(' ', path);
            script.AppendLine($"    '{typed}'|'{typed} '*) words='{string.Join(' ', words.Distinct())}' ;;");
        }

        script.AppendLine("    *) words='' ;;").AppendLine("  esac");
        script.AppendLine("  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")").AppendLine("}");
        script.AppendLine("complete -o default -F _certctl certctl");
        return script.ToString();
    }

    // A line that begins with a dot is a request of roff, and a hyphen is not a minus.
    private static string Escape(string text) =>
        text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).TrimStart('.');
}
