// Apache Curator and its recipes against the server under test.
import { foreignSuite } from '../support/foreign.ts';
import { classPath, compileJava, javaFlags } from '../support/peers.ts';

foreignSuite({
  title: "Curator's recipes",
  needs: ['apache', 'curator'],
  command: () => [
    'java',
    ...javaFlags,
    '-cp',
    classPath(compileJava('CuratorRecipes')),
    'CuratorRecipes',
  ],
});
