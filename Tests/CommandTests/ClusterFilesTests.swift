import Foundation
import TestSupport
import Testing

/// The files for schedulers, as far as they can be checked without one.
@Suite struct ClusterFilesTests {
  private static let definition = "cluster/kubeflow.org_mpijobs.yaml"
  private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("cluster")

  /// kubeflow's definition of an MPIJob knows every field of ours, and takes its value.
  @Test(
    .enabled(if: SharedFiles.has(definition), "needs ../shared/\(definition)"),
    .enabled(if: Python.has("yaml", "jsonschema"), "needs python3 with yaml and jsonschema"))
  func mpiJob() throws {
    let program = """
      import jsonschema, yaml

      def close(schema):  # fields that are not defined are errors, not ignored
          if "properties" in schema and "additionalProperties" not in schema:
              schema["additionalProperties"] = False
          for value in schema.values():
              for part in value if isinstance(value, list) else [value]:
                  if isinstance(part, dict): close(part)

      versions = yaml.safe_load(open("\(SharedFiles.path(Self.definition))"))["spec"]["versions"]
      schema = next(v for v in versions if v["name"] == "v2beta1")["schema"]["openAPIV3Schema"]
      close(schema)
      schema["properties"]["metadata"] = {"type": "object"}
      job = yaml.safe_load(open("\(folder.path)/kubernetes/mpijob.yaml"))
      jsonschema.Draft4Validator(schema).validate(job)
      job["spec"]["mpiReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]["securityContxt"] = {}
      print(sum(1 for _ in jsonschema.Draft4Validator(schema).iter_errors(job)))
      """
    #expect(try Python.run(program) == "1\n")
  }

  @Test(arguments: ["srun", "mpirun", "seeds"]) func jobScripts(name: String) throws {
    let run = try ProgramRun("/bin/bash", ["-n", folder.appendingPathComponent("slurm/\(name).sbatch").path])
    #expect(run.exitCode == 0 && run.errors.isEmpty, "\(run.errors)")
  }
}
