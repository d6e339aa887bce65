using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Web;
using FitCluster.Cli.Tests;
using FitCluster.Services;
using Xunit;

namespace FitCluster.Deploy.Tests.Kubernetes;

/// <summary>deploy/k8s/secrets makes every Secret that the manifests refer to, and what is in them fits together.</summary>
public sealed class SecretsTests
{
    private static readonly (string Name, string Value)[] Elsewhere =
        [("FITCLUSTER_BROKER", "amqps://u:p%40'\"@broker.example.org/v?heartbeat=8"), ("FITCLUSTER_STORE",
            "postgres://u:p@db.example.org/d")];

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/small")]
    [InlineData("overlays/production", "--tls")]
    [InlineData("overlays/autoscale")]
    [InlineData("overlays/external-services", "--external")]
    public async Task Every_secret_that_is_referred_to_is_made(string folder, params string[] options)
    {
        var made = await Make(options);
        var manifests = await Manifests.Render(folder);
        Assert.All(made.Of("Secret"), secret => Assert.Equal("fitcluster", secret["metadata"]["namespace"].Text));
        var keys = manifests.Workloads.SelectMany(w => w.AllContainers).SelectMany(c => c["env"].Items)
            .Select(v => v["valueFrom"]["secretKeyRef"]).Where(r => r.IsThere)
            .Select(r => (r["name"].Text, r["key"].Text))
            .Concat(manifests.Of("TriggerAuthentication").SelectMany(t => t["spec"]["secretTargetRef"].Items).Select(
                r => (r["name"].Text, r["key"].Text)))
            .Concat(manifests.Workloads.SelectMany(w => w.Pod["volumes"].Items).SelectMany(
                v => v["secret"]["items"].Items.Select(i => (v["secret"]["secretName"].Text, i["key"].Text))))
            .ToList();
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.NotEmpty(Value(made, key.Item1, key.Item2)));
        Assert.All(manifests.Workloads.SelectMany(w => w.Pod["volumes"].Items).Where(v => v["secret"].IsThere),
            v => made.The("Secret", v["secret"]["secretName"].Text));
    }

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/production", "--tls")]
    public async Task The_URLs_lead_to_the_services_with_their_passwords(string folder, params string[] options)
    {
        var made = await Make(options);
        var manifests = await Manifests.Render(folder);
        foreach (var (key, service) in new[] { ("broker", "rabbitmq"), ("store", "postgres") })
        {
            var url = new Uri(Value(made, "fitcluster-urls", key));
            Assert.Equal($"{url.Port}", manifests.The("Service", url.Host)["spec"]["ports"].Items[0]["port"].Text);
            Assert.Equal(service, url.Host);
            Assert.Equal($"{Value(made, service, "username")}:{Value(made, service, "password")}", url.UserInfo);
            Assert.InRange(Value(made, service, "password").Length, 24, 100);
            var query = HttpUtility.ParseQueryString(url.Query);
            if (query[key == "broker" ? "cacert" : "sslrootcert"] is { } file)
            {
                // The file is where the nodes have the authority mounted.
                Assert.All(manifests.Nodes, node =>
                {
                    var volume =
                        Assert.Single(node.Pod["volumes"].Items, v => v["secret"]["secretName"].Text == "fitcluster-ca")["name"].Text;
                    Assert.Equal(Path.GetDirectoryName(file),
                        Assert.Single(node.Container["volumeMounts"].Items, m => m["name"].Text == volume)["mountPath"].Text);
                });
                Assert.NotEmpty(Value(made, "fitcluster-ca", Path.GetFileName(file)));
            }
            else
            {
                Assert.DoesNotContain("--tls", options);
            }
        }

        Assert.Equal(
            $"/{manifests.Workloads.Single(w => w.Document.Name == "postgres").Container["env"].Named("POSTGRES_DB")["value"].Text}",
            new Uri(Value(made, "fitcluster-urls", "store")).AbsolutePath);
    }

    [Fact]
    public async Task Passwords_are_new_each_time_and_all_different()
    {
        var (first, second) = (await Make(), await Make());
        string[] secrets = [.. new[] { first, second }.SelectMany(made =>
            new[] { Value(made, "rabbitmq", "password"), Value(made, "rabbitmq", "erlang-cookie"), Value(made, "postgres", "password") })];
        Assert.Equal(secrets.Length, secrets.Distinct().Count());
        Assert.All(secrets, secret => Assert.Matches("^[A-Za-z0-9]{32}$", secret));
    }

    [Fact]
    public async Task URLs_of_services_elsewhere_go_in_as_they_are()
    {
        var made = await Make("--external");
        Assert.Equal(Elsewhere[0].Value, Value(made, "fitcluster-urls", "broker"));
        Assert.Equal(Elsewhere[1].Value, Value(made, "fitcluster-urls", "store"));
    }

    [Theory]
    [InlineData("FITCLUSTER_BROKER", "--external")]
    [InlineData("'--frob'", "--frob")]
    [InlineData("'No/Name'", "--namespace", "No/Name")]
    public async Task A_mistake_is_one_sentence_and_makes_nothing(string words, params string[] arguments)
    {
        var ran = await Checkout.Run(Checkout.PathOf("deploy/k8s/secrets"), arguments, ("FITCLUSTER_BROKER", ""), ("FITCLUSTER_STORE", ""));
        Assert.Equal((2, ""), (ran.ExitCode, ran.Output));
        Assert.Contains(words, Assert.Single(ran.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>A node joins a broker and a database that have these certificates, and refuses those of another authority.</summary>
    [Fact]
    public async Task A_node_joins_over_TLS_with_the_certificates()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        var (made, other) = (await Make("--tls"), await Make("--tls"));
        foreach (var service in new[] { "rabbitmq", "postgres" })
        {
            using var certificate = X509Certificate2.CreateFromPem(
                Value(made, $"{service}-tls", "tls.crt"), Value(made, $"{service}-tls", "tls.key"));
            Assert.All(new[] { service, $"{service}.fitcluster.svc", "localhost" }, name => Assert.True(certificate.MatchesHostname(name)));
        }

        var folder = Directory.CreateTempSubdirectory("fitcluster-tls-");
        try
        {
            var brokerFiles = Write(folder, "broker", made, "rabbitmq-tls");
            var storeFiles = Write(folder, "store", made, "postgres-tls");
            var stranger = Path.Combine(folder.FullName, "other.crt");
            await File.WriteAllTextAsync(stranger, Value(other, "fitcluster-ca", "ca.crt"));
            await using var broker = await RabbitServer.StartNew(tlsFolder: brokerFiles);
            await using var database = await PostgresServer.StartNew(tlsFolder: storeFiles);
            var store = database.Url(new Uri(await database.NewDatabase()).AbsolutePath[1..], tls: true);
            string[] Node(string brokerAuthority, string storeAuthority) =>
                [
                    "node", "--broker", $"{broker.UrlOf("", tls: true)}?cacert={brokerAuthority}",
                    "--store", $"{store}?sslmode=verify-full&sslrootcert={storeAuthority}"
                ];
            var (trusted, alsoTrusted) = ($"{brokerFiles}/ca.pem", $"{storeFiles}/ca.pem");

            var node = FitProgram.Start(Node(trusted, alsoTrusted));
            for (var tries = 0; tries < 300 && !node.Process.HasExited &&
                !node.Error.ToString().Contains("is ready", StringComparison.Ordinal); tries++)
            {
                await Task.Delay(100);
            }

            Assert.Contains("is ready", node.Error.ToString(), StringComparison.Ordinal);
            FitProgram.Signal(node.Process, 15);
            FitProgram.Wait(node).Expect(0);

            Assert.Contains("broker", FitProgram.RunProcess(Node(stranger, alsoTrusted)).Expect(4).Error, StringComparison.Ordinal);
            Assert.Contains("store", FitProgram.RunProcess(Node(trusted, stranger)).Expect(4).Error, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Write(DirectoryInfo folder, string name, Manifests made, string secret)
    {
        var path = folder.CreateSubdirectory(name).FullName;
        foreach (var (file, key) in new[] { ("ca.pem", "ca.crt"), ("server.pem", "tls.crt"), ("server-key.pem", "tls.key") })
        {
            File.WriteAllText(Path.Combine(path, file), Value(made, secret, key));
        }

        return path;
    }

    private static async Task<Manifests> Make(params string[] options)
    {
        var ran = await Checkout.Run(Checkout.PathOf("deploy/k8s/secrets"), options, Elsewhere);
        Assert.True(ran.ExitCode == 0, ran.Error);
        return Manifests.Read(ran.Output);
    }

    private static string Value(Manifests made, string secret, string key) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(made.The("Secret", secret)["data"][key].Text));
}
